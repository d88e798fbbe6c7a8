/** Certificates for a server of a test, made by openssl. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./temporary-folder.ts";

export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateMaker {
  /** PEM file of the authority. */
  readonly caFile: string;
  /** Signed by the authority, for the address or host name in `subject`: `IP:127.0.0.1`. */
  sign(subject: string, days?: number): MadeCertificate;
  selfSigned(): MadeCertificate;
}

/** Undefined where there is no openssl. */
export function certificateMaker(): CertificateMaker | undefined {
  const folder = temporaryFolder("certificates");
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]) => execFileSync("openssl", args, { stdio: "pipe" });
  const newKey = ["-newkey", "rsa:2048", "-nodes"];
  const made = (name: string): MadeCertificate => ({
    cert: readFileSync(at(`${name}.pem`), "utf8"),
    key: readFileSync(at(`${name}.key`), "utf8"),
  });
  try {
    const subject = ["-subj", "/CN=Test authority", "-days", "2"];
    openssl("req", "-x509", ...newKey, "-keyout", at("ca.key"), "-out", at("ca.pem"), ...subject);
  } catch {
    return undefined;
  }
  let count = 0;
  return {
    caFile: at("ca.pem"),
    sign(subject, days = 2) {
      const name = `server${count++}`;
      writeFileSync(at("extensions"), `subjectAltName=${subject}`);
      openssl("req", ...newKey, "-keyout", at(`${name}.key`), "-out", at("request"), "-subj", "/CN=Test server");
      const authority = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-extfile", at("extensions")];
      openssl("x509", "-req", "-in", at("request"), ...authority, "-days", `${days}`, "-out", at(`${name}.pem`));
      return made(name);
    },
    selfSigned() {
      const subject = ["-subj", "/CN=Test server", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
      openssl("req", "-x509", ...newKey, "-keyout", at("self.key"), "-out", at("self.pem"), ...subject);
      return made("self");
    },
  };
}
