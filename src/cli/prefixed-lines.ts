/** Output of processes that run at the same time, in whole lines that say whose they are. */
import { StringDecoder } from "node:string_decoder";
import { visibleText } from "../base/visible-text.ts";

/** A line without an end is written in pieces of this length. */
const longestLine = 8192;

/** Takes bytes of UTF-8, writes `[prefix] line`; `end` writes what is left. */
export function prefixedLines(prefix: string, write: (text: string) => void) {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const put = (line: string): void => write(`[${visibleText(prefix)}] ${line}\n`);
  const take = (text: string): void => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop()!; // a split text has a part
    for (const line of lines) put(line);
    for (; rest.length > longestLine; rest = rest.slice(longestLine)) put(rest.slice(0, longestLine));
  };
  return {
    write: (chunk: Uint8Array): void => take(decoder.write(Buffer.from(chunk))),
    end(): void {
      take(decoder.end());
      if (rest !== "") put(rest);
      rest = "";
    },
  };
}
