import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Where an API process listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** One address for several API processes. */
export interface Front extends AsyncDisposable {
  readonly port: number;
  /** Closes every connection, and accepts no more. */
  close(): Promise<void>;
}

/**
 * Passes connections to the API processes in turn, and skips one that does not accept. Knows nothing of HTTP; but says first whose
 * connection it is (the PROXY protocol, version 1), because the API processes see none but its own.
 */
export async function startFront(apis: readonly Address[], listen: Address): Promise<Front> {
  const sockets = new Set<Socket>();
  let turn = 0;

  const server = createServer({ pauseOnConnect: true }, (browser) => {
    track(browser);
    passOn(browser, apis.length);
  });

  function passOn(browser: Socket, tries: number): void {
    const api = connect(apis[turn++ % apis.length] as Address);
    track(api);
    api.once('connect', () => {
      tries = 0;
      api.write(whoseIs(browser));
      browser.pipe(api).pipe(browser);
      browser.resume();
    });
    api.once('close', () => {
      if (tries > 1 && !browser.destroyed) passOn(browser, tries - 1);
      else browser.destroy();
    });
    browser.once('close', () => api.destroy());
  }

  function track(socket: Socket): void {
    sockets.add(socket);
    socket.on('error', () => {}); // 'close' follows
    socket.once('close', () => sockets.delete(socket));
  }

  server.listen(listen.port, listen.host);
  await once(server, 'listening');

  async function close(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }
  return { port: (server.address() as AddressInfo).port, close, [Symbol.asyncDispose]: close };
}

function whoseIs({ remoteFamily, remoteAddress, localAddress, remotePort, localPort }: Socket): string {
  const kind = remoteFamily === 'IPv6' ? 'TCP6' : 'TCP4';
  return `PROXY ${kind} ${remoteAddress} ${localAddress} ${remotePort} ${localPort}\r\n`;
}
