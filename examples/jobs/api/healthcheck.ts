/** Asks an API process whether it answers, for containers: as a front would (see peer.ts), but for itself. */
import { connect } from 'node:net';

const REQUEST = 'PROXY UNKNOWN\r\nGET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n';

const socket = connect(Number(process.env.PORT), '127.0.0.1').setEncoding('utf8');
socket.once('data', (answer: string) => process.exit(/^HTTP\/1\.1 200 /.test(answer) ? 0 : 1));
socket.once('close', () => process.exit(1));
socket.write(REQUEST);
