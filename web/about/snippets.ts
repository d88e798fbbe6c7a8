/** Code that calls this service, ready to run. */

export interface Snippet {
  readonly id: string;
  readonly name: string;
  readonly code: string;
}

/**
 * `origin` is the service's address, as "http://127.0.0.1:8000". Each sends `picture.jpg` of the
 * current folder.
 */
export function snippetsFor(origin: string): readonly Snippet[] {
  return [
    {
      id: "curl",
      name: "curl",
      code: `curl ${origin}/predict \\
  -H 'content-type: image/jpeg' \\
  --data-binary @picture.jpg`,
    },
    {
      id: "javascript",
      name: "JavaScript",
      code: `import { readFile } from "node:fs/promises";

const response = await fetch("${origin}/predict", {
  method: "POST",
  headers: { "content-type": "image/jpeg" },
  body: await readFile("picture.jpg"),
});
const answer = await response.json();
if (!response.ok) throw new Error(answer.error.message);
console.log(answer.label, answer.confidence);`,
    },
    {
      id: "python",
      name: "Python",
      code: `import requests

with open("picture.jpg", "rb") as picture:
    response = requests.post(
        "${origin}/predict",
        data=picture,
        headers={"content-type": "image/jpeg"},
    )
response.raise_for_status()
answer = response.json()
print(answer["label"], answer["confidence"])`,
    },
  ];
}
