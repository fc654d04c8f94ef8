import { findServer } from '../../local/find-server.ts';

/** Before all tests: makes sure, once, that there is a server program. */
export default async function setUp(): Promise<void> {
  await findServer((line) => console.error(line));
}
