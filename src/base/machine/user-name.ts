/** Who runs this process, by name. */
import { userInfo } from "node:os";

/**
 * As MLflow finds it: LOGNAME, USER, LNAME or USERNAME, else what the system says of the user;
 * `unknown` in a container whose user has no name.
 */
export function userName(): string {
  const { LOGNAME, USER, LNAME, USERNAME } = process.env;
  try {
    return LOGNAME || USER || LNAME || USERNAME || userInfo().username;
  } catch {
    return "unknown";
  }
}
