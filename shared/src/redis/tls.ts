import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectWithTls } from 'node:tls';
import { sanitize } from '../text/sanitize.ts';
import { placeOf, type RedisOptions, usesTls } from './options.ts';

/** How Node's TLS tells of a certificate, a name or a protocol that does not fit. */
interface TlsFailure extends Error {
  readonly code?: string;
  /** Of the certificate's names. */
  readonly reason?: string;
}

/** What is wrong by the code of such an error, and how to fix it: only what asking again will not change. */
const FAILURES: readonly (readonly [code: RegExp, text: string | ((failure: TlsFailure) => string)])[] = [
  [
    /^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/,
    'the certificate of the server is not valid at this time; renew it, or set the clock of this machine',
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    ({ reason }) =>
      `the certificate of the server has another name (${sanitize(reason ?? '')}); expected the host name of Redis, or REDIS_TLS_SERVERNAME (socket.servername), among its names`,
  ],
  [
    /^(UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|CERT_|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED)/,
    'the certificate of the server is not signed by a CA that is trusted; set REDIS_TLS_CA (socket.ca) to the certificate of the CA that signed it',
  ],
  [
    /^ERR_SSL_(TLSV13_ALERT_CERTIFICATE_REQUIRED|SSLV3_ALERT_HANDSHAKE_FAILURE)$/,
    'the server wants a certificate of its clients, or has no cipher in common with us; set REDIS_TLS_CERT and REDIS_TLS_KEY (socket.cert, socket.key)',
  ],
  [
    /^ERR_SSL_(TLSV1|SSLV3)_ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|(UNSUPPORTED_)?CERTIFICATE|ACCESS_DENIED)/,
    'the server does not accept our certificate; expected one of a CA that it trusts in REDIS_TLS_CERT (socket.cert)',
  ],
  [
    /^ERR_SSL_(TLSV1_ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE)/,
    'the server speaks other versions of TLS than we do; expected 1.2 or 1.3',
  ],
  [
    /^ERR_SSL_TLSV1_UNRECOGNIZED_NAME$/,
    'the server does not know the name that it is asked for; expected one of its names in REDIS_TLS_SERVERNAME (socket.servername)',
  ],
  [
    /^ERR_(SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)|SPEAKS_PLAIN)$/,
    'the server does not speak TLS on this port; expected its port for TLS (tls-port), or redis:// and no REDIS_TLS_… variables (no socket.tls)',
  ],
  [
    /^ERR_SPEAKS_TLS$/,
    'the server speaks TLS on this port, and we do not; expected rediss:// in REDIS_URL, or REDIS_TLS_CA beside REDIS_HOST (socket.tls)',
  ],
];

/** What is wrong with a TLS connection, and how to fix it; `undefined` if that is not what an error tells of, or it may pass. */
export function tlsFailureOf(error: TlsFailure): string | undefined {
  const { code = '' } = error;
  const text = FAILURES.find(([codes]) => codes.test(code))?.[1];
  return text && `no TLS connection: ${typeof text === 'function' ? text(error) : text} (${code})`;
}

/** How long to wait for the other protocol: ms. */
const PROBE_MS = 1000;

/**
 * Whether a server that breaks off, or says nothing, speaks TLS where we do not, or does not where we do: neither side of these
 * can tell by itself. Sends no secret.
 * @param failure of the connecting
 * @returns the failure, or the one behind it
 */
export async function failureBehind(failure: Error, options: RedisOptions): Promise<Error> {
  const isTls = usesTls(options);
  const isSilent = failure.constructor.name === 'ConnectionTimeoutError';
  const isBroken = /ECONNRESET|EPIPE|closed unexpectedly|Unknown RESP type/.test(failure.message);
  const { host, port, path } = placeOf(options);
  if (path !== undefined || !(isBroken || (isTls && isSilent))) return failure;
  const code = isTls
    ? (await speaksPlain(host, port)) && 'ERR_SPEAKS_PLAIN'
    : (await speaksTls(host, port)) && 'ERR_SPEAKS_TLS';
  return code ? Object.assign(new Error(failure.message, { cause: failure }), { code }) : failure;
}

async function speaksPlain(host: string, port: number): Promise<boolean> {
  const socket = connectPlain({ host, port }, () => socket.write('PING\r\n'));
  return await answers(socket, (event, value) => event === 'data' && /^[+-]/.test(String(value)));
}

async function speaksTls(host: string, port: number): Promise<boolean> {
  const options: ConnectionOptions = { host, port, ...(!isIP(host) && { servername: host }) };
  const isOfTls = (value: unknown) => tlsFailureOf(value as TlsFailure) !== undefined; // such as a CA that we do not know
  return await answers(
    connectWithTls(options),
    (event, value) => event === 'secureConnect' || (event === 'error' && isOfTls(value)),
  );
}

/** Whether the first that happens to a socket is an answer. */
async function answers(socket: Socket, isAnswer: (event: string, value: unknown) => boolean): Promise<boolean> {
  return await new Promise((resolve) => {
    for (const event of ['data', 'secureConnect', 'error', 'close', 'timeout'])
      socket.on(event, (value) => {
        socket.destroy();
        resolve(isAnswer(event, value));
      });
    socket.setTimeout(PROBE_MS);
  });
}
