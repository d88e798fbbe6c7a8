/** A page that asks the service: compiled and bundled for browsers. */
import { ApiError, createClient } from "pawprint/client";

export async function ask(picture: Blob): Promise<string> {
  const client = createClient("http://localhost:8000");
  try {
    const { label, confidence } = await client.predict(picture);
    const others = await client.predictPictures([picture, await picture.arrayBuffer()], { topK: 2 });
    return [`${label} ${confidence}`, ...others.map((one) => one.label)].join(", ");
  } catch (error) {
    if (error instanceof ApiError) return error.hint ?? error.message;
    throw error;
  }
}
