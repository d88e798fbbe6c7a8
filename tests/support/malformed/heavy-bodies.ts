/** The largest bodies that a service takes, each filled with what costs its readers the most. */
import { gzipSync } from "node:zlib";
import { json } from "./maker.ts";
import { type RawRequest, rawRequest } from "./request.ts";

export interface HeavyBody {
  readonly kind: string;
  /** Made when it is asked for: all of them together would take a gigabyte. */
  request(): RawRequest;
}

export interface HeavyBodyOptions {
  readonly modelName: string;
  /** Of every body. */
  readonly sizeBytes: number;
}

export function heavyBodies(options: HeavyBodyOptions): readonly HeavyBody[] {
  return [
    ...Object.entries(jsonBodies(options)).map(([kind, fill]) =>
      heavy(kind, fill, (body) => jsonRequest(kind, body, options)),
    ),
    ...Object.entries(formBodies(options)).map(([kind, fill]) =>
      heavy(kind, fill, (body) => post("/predict", form, body)),
    ),
    ...Object.entries(pictureBodies(options)).map(([kind, fill]) =>
      heavy(kind, fill, (body) => post("/predict", { "content-type": "image/png" }, body)),
    ),
    ...binaryBodies(options),
    ...framings(options),
  ];
}

const form = { "content-type": "multipart/form-data; boundary=b" };

function post(path: string, headers: Readonly<Record<string, string>>, body: Uint8Array): Buffer {
  return rawRequest({ path, headers, body });
}

function heavy(kind: string, fill: () => Buffer, request: (body: Buffer) => Buffer): HeavyBody {
  return { kind, request: () => ({ kind, bytes: request(fill()) }) };
}

/** A kind begins with the route that it is for. */
function jsonRequest(kind: string, body: Buffer, { modelName }: HeavyBodyOptions): Buffer {
  const [route] = kind.split(":");
  return post(route === "/infer" ? `/v2/models/${modelName}/infer` : route!, json, body);
}

type Fills = Readonly<Record<string, () => Buffer>>;

function jsonBodies({ sizeBytes }: HeavyBodyOptions): Fills {
  const repeat = (start: string, part: string, end: string) => () => repeated(start, part, end, sizeBytes);
  const numbered = (start: string, part: (index: number) => string, end: string) => () =>
    numberedParts(start, part, end, sizeBytes);
  const tensor = '{"inputs":[{"name":"pictures","shape":[1],"datatype":"UINT8","data":[';
  return {
    "/predict: brackets": repeat('{"image":', "[", ""),
    "/predict: brackets that close": () => {
      const depth = Math.floor(sizeBytes / 2) - 10;
      return Buffer.from(`{"image":${"[".repeat(depth)}${"]".repeat(depth)}}`);
    },
    "/predict: nested objects": repeat('{"image":', '{"a":', "1"),
    "/predict: empty lists": repeat('{"images":[', "[],", "[]]}"),
    "/predict: lists of one": repeat('{"images":[[', "[0],", "[0]]]}"),
    "/predict: objects": repeat('{"images":[', "{},", "{}]}"),
    "/predict: nulls": repeat('{"images":[', "null,", "null]}"),
    "/predict: integers": repeat('{"image":[', "0,", "0]}"),
    "/predict: integers in a list": repeat('{"images":[[', "0,", "0]]}"),
    "/predict: decimals": repeat('{"images":[[', "0.5,1,", "0]]}"),
    "/predict: long decimals": repeat('{"image":[', "0.12345678901234567890,", "0]}"),
    "/predict: exponents": repeat('{"image":[', "1e2,", "0]}"),
    "/predict: digits of one number": repeat('{"image":[', "1", "]}"),
    "/predict: pixels": repeat('{"images":[[', "[0,0,0],", "[0,0,0]]]}"),
    "/predict: pixels and a text": repeat('{"image":[', "[0,0,0],", '[0,0,"x"]]}'),
    "/predict: names": numbered("{", (index) => `"${index.toString(36)}":0,`, '"z":0}'),
    "/predict: short texts": repeat('{"images":[', '"AA",', '"AA"]}'),
    "/predict: one text": repeat('{"image":"', "A", '"}'),
    "/predict: one text and a wrong end": repeat('{"image":"', "A", '*"}'),
    "/predict: texts of 64 pictures": () => {
      const part = `"${"A".repeat(4 * Math.floor(sizeBytes / 260))}",`;
      return Buffer.from(`{"images":[${part.repeat(63)}"AAAA"]}`);
    },
    "/predict: escapes": repeat('{"image":"', "\\u0041", '"}'),
    "/predict: line breaks": repeat('{"image":"', "A\\n ", '"}'),
    "/predict: blanks in a text": repeat('{"image":"A', " ", 'A"}'),
    "/predict: padding": repeat('{"image":"A', "=", 'A"}'),
    "/predict: letters of two bytes": repeat('{"image":"', "\u00e9", '"}'),
    "/predict: a data URL": repeat('{"image":"data:', ";base64 ", '"}'),
    "/predict: blanks": repeat('{"image":[1]}', " ", ""),
    "/predict: quotation marks": repeat("", '"', ""),
    "/predict: backslashes": repeat('{"image":"', "\\\\", '"}'),
    "/predict: zeros": () => Buffer.alloc(sizeBytes),
    "/explain: integers": repeat('{"image":[', "0,", "0]}"),
    "/invocations: integers": repeat('{"instances":[[', "0,", "0]]}"),
    "/invocations: instances": repeat('{"instances":[', "1,", "1]}"),
    "/invocations: names": numbered('{"instances":[1],"params":{', (index) => `"${index.toString(36)}":0,`, '"z":0}}'),
    "/invocations: columns": repeat('{"dataframe_split":{"columns":[', "0,", '0],"data":[[1]]}}'),
    "/invocations: cells of a row": repeat('{"dataframe_split":{"data":[[', "1,", "1]]}}"),
    "/invocations: rows": repeat('{"dataframe_split":{"data":[', "[1],", "[1]]}}"),
    "/invocations: records": repeat('{"dataframe_records":[', '{"a":1},', '{"a":1}]}'),
    "/infer: inputs": repeat('{"inputs":[', "0,", "0]}"),
    "/infer: whole inputs": repeat('{"inputs":[', '{"name":"","shape":[],"datatype":""},', "0]}"),
    "/infer: numbers": repeat(tensor, "0,", "0]}]}"),
    "/infer: pixels": repeat(tensor, "[0,0,0],", "[0,0,0]]}]}"),
    "/infer: sides of a shape": repeat(
      '{"inputs":[{"name":"pictures","datatype":"BYTES","data":[],"shape":[',
      "1,",
      "1]}]}",
    ),
    "/infer: the text of a name": repeat('{"inputs":[{"shape":[],"datatype":"BYTES","name":"', "a", '"}]}'),
  };
}

function formBodies({ sizeBytes }: HeavyBodyOptions): Fills {
  const file = '--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n';
  const end = "\r\n--b--\r\n";
  const repeat =
    (start: string, part: string, tail = end) =>
    () =>
      repeated(start, part, tail, sizeBytes);
  return {
    "a form: one file": repeat(file, "A"),
    "a form: line breaks": repeat(file, "\r\n"),
    "a form: line breaks and a dash": repeat(file, "\r\n-"),
    "a form: beginnings of boundaries": repeat(file, "\r\n--"),
    "a form: boundaries": repeat(file, "\r\n--b"),
    "a form: carriage returns": repeat(file, "\r"),
    "a form: parts": repeat("", `${file}1\r\n`, "--b--\r\n"),
    "a form: parts of a kilobyte": repeat("", `${file}${"A".repeat(1100)}\r\n`, "--b--\r\n"),
    "a form: parts without headers": repeat("", `--b\r\n\r\n${"A".repeat(1100)}\r\n`, "--b--\r\n"),
    "a form: headers": repeat("--b\r\n", "A: b\r\n"),
    "a form: one header": repeat('--b\r\nContent-Disposition: form-data; name="', "A"),
    "a form: parameters of a header": repeat("--b\r\nContent-Disposition: form-data", "; a=b"),
    "a form: a long field": repeat('--b\r\nContent-Disposition: form-data; name="top_k"\r\n\r\n', "1"),
    "a form: no part": repeat("", "A", ""),
  };
}

/** The signature and the header of a picture of one pixel, with its checksum. */
const pngStart = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55";

/** Files whose structure has as many parts as fit. */
function pictureBodies({ sizeBytes }: HeavyBodyOptions): Fills {
  const repeat =
    (start: string, part: string, end = "") =>
    () =>
      repeated(Buffer.from(start, "latin1"), Buffer.from(part, "latin1"), Buffer.from(end, "latin1"), sizeBytes);
  return {
    "a JPEG of segments": repeat("\xff\xd8", "\xff\xe0\0\x02"),
    "a JPEG of fill bytes": repeat("\xff\xd8\xff", "\xff"),
    "a PNG of empty chunks": repeat(pngStart, "\0\0\0\0IDAT\x35\xaf\x06\x1e"),
    "a PNG of chunks with wrong checksums": repeat(pngStart, "\0\0\0\0IDAT\0\0\0\0"),
    "a GIF of extensions": repeat("GIF89a\x01\0\x01\0\0\0\0", "!\xfe\x01a\0"),
    "a GIF of empty extensions": repeat("GIF89a\x01\0\x01\0\0\0\0", "!\xfe\0"),
    "a GIF of one extension's blocks": repeat("GIF89a\x01\0\x01\0\0\0\0!\xfe", "\x01a"),
    "a WebP of chunks": repeat("RIFF\xff\xff\xff\0WEBP", "EXIF\0\0\0\0"),
    "an AVIF of boxes": repeat("\0\0\0\x14ftypavif\0\0\0\0avif", "\0\0\0\x08free"),
    "a TIFF of one directory": repeat("II*\0\x08\0\0\0\xff\xff", "\0\x01\x04\0\x01\0\0\0\0\0\0\0"),
    "a BMP of zeros": repeat("BM", "\0"),
    "an SVG": repeat('<svg xmlns="http://www.w3.org/2000/svg">', "<g>"),
    "an XML declaration": repeat("<?xml ", " "),
    "a text": repeat("", "This is no picture. "),
    "a PDF": repeat("%PDF-1.7\n", "1 0 obj<<>>endobj\n"),
  };
}

function binaryBodies({ modelName, sizeBytes }: HeavyBodyOptions): readonly HeavyBody[] {
  const infer = (kind: string, count: number, tail: (bytes: number) => Buffer): HeavyBody => ({
    kind,
    request() {
      const headOf = (bytes: number) =>
        `{"inputs":[{"name":"pictures","shape":[${count}],"datatype":"BYTES","parameters":{"binary_data_size":${bytes}}}]}`;
      const size = sizeBytes - 300;
      const head = headOf(size);
      const headers = {
        "content-type": "application/octet-stream",
        "inference-header-content-length": String(head.length),
      };
      const body = Buffer.concat([Buffer.from(head), tail(size)]);
      return { kind, bytes: post(`/v2/models/${modelName}/infer`, headers, body) };
    },
  });
  return [
    infer("/infer: four million empty elements", 4_000_000, (bytes) => Buffer.alloc(bytes)),
    infer("/infer: 64 elements and empty ones", 64, (bytes) => Buffer.alloc(bytes)),
    infer("/infer: one element too long", 1, (bytes) => Buffer.alloc(bytes, 0xff)),
  ];
}

/** Bodies that cost something before anybody reads them. */
function framings({ sizeBytes }: HeavyBodyOptions): readonly HeavyBody[] {
  const chunked = (kind: string, chunk: string, sent: number): HeavyBody => ({
    kind,
    request() {
      const headers = { "content-type": "image/png", "transfer-encoding": "chunked" };
      const body = Buffer.concat([repeated("", chunk, "", sent), Buffer.from("0\r\n\r\n")]);
      return { kind, bytes: rawRequest({ path: "/predict", headers, body }) };
    },
  });
  const packed = (kind: string, headers: Readonly<Record<string, string>>, fill: () => Buffer): HeavyBody =>
    heavy(kind, fill, (body) =>
      post("/predict", { ...headers, "content-encoding": "gzip" }, gzipSync(body, { level: 1 })),
    );
  return [
    chunked("chunks of one byte", "1\r\nA\r\n", sizeBytes),
    chunked("chunks with extensions", `1;${"a".repeat(50)}\r\nA\r\n`, sizeBytes),
    packed("packed brackets", json, () => repeated('{"image":', "[", "", sizeBytes)),
    packed("packed zeros", { "content-type": "image/png" }, () => Buffer.alloc(sizeBytes)),
    packed("packed pixels", json, () => repeated('{"images":[[', "[0,0,0],", "[0,0,0]]]}", sizeBytes)),
  ];
}

/** `part` as often as it fits between the others. */
function repeated<T extends string | Buffer>(start: T, part: T, end: T, sizeBytes: number): Buffer {
  const [head, unit, tail] = [Buffer.from(start), Buffer.from(part), Buffer.from(end)];
  const count = Math.floor((sizeBytes - head.length - tail.length) / unit.length);
  return Buffer.concat([head, Buffer.alloc(count * unit.length, unit), tail]);
}

function numberedParts(start: string, part: (index: number) => string, end: string, sizeBytes: number): Buffer {
  const parts = [start];
  for (let length = start.length + end.length, index = 0; ; index++) {
    const text = part(index);
    length += text.length;
    if (length > sizeBytes) break;
    parts.push(text);
  }
  return Buffer.from(`${parts.join("")}${end}`);
}
