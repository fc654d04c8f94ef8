import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type RedisServer } from '../../local/redis/redis-server.ts';
import { Authority, type Identity, type Validity } from '../../local/tls/certificates.ts';
import { startRedis } from './redis.ts';

/** The names of the certificate, unless others are given. */
const NAMES = ['localhost', '127.0.0.1'] as const;

/** The paths of a certificate and of its key. */
export interface IdentityFiles {
  readonly certificate: string;
  readonly key: string;
}

/** How the Redis is to be. */
export interface TlsOptions {
  readonly names?: readonly [string, ...string[]];
  readonly validity?: Validity;
  /** Further lines for its configuration. Without any, whoever has no certificate of its CA is refused. */
  readonly settings?: readonly string[];
}

/** A Redis with a port for TLS, and one without. */
export interface TlsRedis extends AsyncDisposable {
  readonly server: RedisServer;
  readonly tlsPort: number;
  /** The path of its CA's certificate. */
  readonly ca: string;
  /** Of a client that it accepts. */
  readonly client: IdentityFiles;
  /** Puts another certificate in the place of its own; it is used from the next start on. */
  replaceCertificate(validity?: Validity): Promise<void>;
}

/** Files with certificates, in a folder that is removed when it is disposed. */
export class TlsFiles implements AsyncDisposable {
  readonly #folder: string;
  readonly #authority: Authority;

  private constructor(folder: string, authority: Authority) {
    this.#folder = folder;
    this.#authority = authority;
  }

  /** With a new CA. */
  static async create(): Promise<TlsFiles> {
    const files = new TlsFiles(await mkdtemp(join(tmpdir(), 'tls-')), await Authority.create());
    await writeFile(files.ca, files.#authority.certificate);
    return files;
  }

  /** The path of its CA's certificate. */
  get ca(): string {
    return join(this.#folder, 'ca.crt');
  }

  /** Makes a certificate, or another one in its place. */
  async issue(name: string, names: readonly [string, ...string[]], validity?: Validity): Promise<IdentityFiles> {
    const identity: Identity = await this.#authority.issue(names, validity);
    const paths = { certificate: join(this.#folder, `${name}.crt`), key: join(this.#folder, `${name}.key`) };
    await writeFile(paths.certificate, identity.certificate);
    await writeFile(paths.key, identity.key);
    return paths;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}

/** Starts one on free ports of the loopback address. `await using` stops it. */
export async function startTlsRedis({ names = NAMES, validity, settings = [] }: TlsOptions = {}): Promise<TlsRedis> {
  const files = await TlsFiles.create();
  const own = await files.issue('server', names, validity);
  const tlsPort = await freePort();
  const ofTls = [
    `tls-port ${tlsPort}`,
    `tls-cert-file ${own.certificate}`,
    `tls-key-file ${own.key}`,
    `tls-ca-cert-file ${files.ca}`,
  ];
  const server = await startRedis({ settings: [...ofTls, ...settings] });
  return {
    server,
    tlsPort,
    ca: files.ca,
    client: await files.issue('client', ['client']),
    async replaceCertificate(replaced) {
      await files.issue('server', names, replaced);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await files[Symbol.asyncDispose]();
    },
  };
}
