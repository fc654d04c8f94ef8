import { findServer } from '../../local/redis/find-server.ts';
import { findBrowser } from '../../testkit/find-browser.ts';

/** Before all tests: gets the programs that they need, once, because two test files at a time may need the same one. */
export default async function setUp(): Promise<void> {
  const say = (line: string) => console.error(line);
  await findServer(say);
  await findBrowser(say).catch(() => {}); // only some tests need it, and they say what is missing
}
