/** A page that asks the service: compiled and bundled for browsers. */
import { ApiError, createClient } from "pawprint/client";

export async function ask(picture: Blob): Promise<string> {
  const client = createClient("http://localhost:8000");
  try {
    const { json } = await client.call("predict", { body: picture });
    return "label" in json ? json.label : json.predictions.map(({ label }) => label).join(", ");
  } catch (error) {
    if (error instanceof ApiError) return error.hint ?? error.message;
    throw error;
  }
}
