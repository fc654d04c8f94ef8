import type { Subject } from './subject.ts';

/** Where a peer's messages go, and how its consumers behave: what our services are told by environment variables. */
export interface PeerSettings {
  /** A URL, or a host and a port. */
  readonly redis: string | { readonly host: string; readonly port: number };
  /** All its keys begin with this. */
  readonly topic: string;
  /** What a consumer has in hand for so long without a sign of life goes to another: ms. */
  readonly reclaimAfterMs: number;
  readonly maxAttempts: number;
}

/** The sending side. */
export interface PeerProducer {
  /** Sends some at once, in order. @returns what was answered to each: consumers reached, or else anything above 0 */
  send(payloads: readonly string[]): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** Called for each message, one after the other; when it resolves, the message is done. */
export type PeerHandler = (payload: string, attempt: number) => Promise<void>;

/** The receiving side. */
export interface PeerConsumer {
  /** Finishes what is in hand, takes nothing more. */
  close(): Promise<void>;
}

/**
 * How else one would do it: another library, or plain commands, as its documentation shows it. `guarantees` are what that
 * documentation states. Libraries are loaded when a side is opened, so that who only asks for the facts need not have them.
 */
export interface Peer extends Subject {
  /** The package that it is made with. */
  readonly library: string;
  produce(settings: PeerSettings): Promise<PeerProducer>;
  /** Resolves when it takes messages. */
  consume(settings: PeerSettings, handle: PeerHandler): Promise<PeerConsumer>;
}

/** The variable that names the topic of a peer. */
export const PEER_TOPIC = { variable: 'PEER_TOPIC', default: '', about: 'Prefix of all keys of a peer' };
