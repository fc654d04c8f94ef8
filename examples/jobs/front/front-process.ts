/** The front as a process of its own, for containers: APIS=api-1:3000,api-2:3000 HOST=0.0.0.0 PORT=3000 */

import { onStop, part, ready } from '../part.ts';
import { type Address, startFront } from './front.ts';

const ADDRESS = /^([\w.-]+):(\d{1,5})$/;

const front = await startFront(addresses(process.env.APIS ?? ''), part.listen);
onStop(front.close);
console.log(`passes connections on to ${process.env.APIS}`);
ready(front.port);

function addresses(list: string): Address[] {
  return list.split(',').map((text) => {
    const [, host, port] = ADDRESS.exec(text.trim()) ?? [];
    if (host === undefined) {
      console.error(`APIS is "${list}"; expected where the API processes listen, such as api-1:3000,api-2:3000`);
      process.exit(2);
    }
    return { host, port: Number(port) };
  });
}
