import type { Subject } from './subject.ts';

/** How to reach Redis, as ioredis takes it. */
export interface PeerRedis {
  readonly host?: string;
  readonly port?: number;
  /** Of a socket of this machine, in place of a host and a port. */
  readonly path?: string;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: object;
}

/** Where a peer's messages go, and how its consumers behave: what environment variables say to our services. */
export interface PeerSettings {
  readonly redis: PeerRedis;
  /** All its keys begin with this. */
  readonly topic: string;
  /** A message that a consumer has had in flight for this long without a sign of life goes to another: ms. */
  readonly reclaimAfterMs: number;
  readonly maxAttempts: number;
}

/** The sending side. */
export interface PeerProducer {
  /** Sends a batch in order. @returns the reply to each: consumers reached, or else anything above 0 */
  send(payloads: readonly string[]): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** Called for each message, one after the other; when it resolves, the message has been handled. */
export type PeerHandler = (payload: string, attempt: number) => Promise<void>;

/** The receiving side. */
export interface PeerConsumer {
  /** Finishes what is in flight, and takes nothing more. */
  close(): Promise<void>;
}

/**
 * An alternative to our patterns: another library, or plain commands, used as its documentation shows. `guarantees` are what
 * that documentation states. A library is loaded when a side is opened, so that reading the facts does not need it.
 */
export interface Peer extends Subject {
  /** The package that it uses. */
  readonly library: string;
  produce(settings: PeerSettings): Promise<PeerProducer>;
  /** Resolves when it takes messages. */
  consume(settings: PeerSettings, handle: PeerHandler): Promise<PeerConsumer>;
}

/** The variable that names the topic of a peer. */
export const PEER_TOPIC = { variable: 'PEER_TOPIC', default: '', about: 'Prefix of all keys of a peer' };
