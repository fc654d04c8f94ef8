import 'reflect-metadata'; // before @peculiar/x509, which needs it
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate and its private key, each as PEM. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/** From when and until when a certificate is valid. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR_MS = 3_600_000;
/** From an hour ago, because clocks differ, for ten years: nobody renews them, they are made anew. */
const LONG: Validity = {
  notBefore: new Date(Date.now() - HOUR_MS),
  notAfter: new Date(Date.now() + 10 * 365 * 24 * HOUR_MS),
};

/** A certificate authority of our own, for one demo or one test. Its key is in this object only, and is gone with it. */
export class Authority {
  readonly #keys: webcrypto.CryptoKeyPair;
  /** What those that are to trust it need, as PEM. */
  readonly certificate: string;

  private constructor(keys: webcrypto.CryptoKeyPair, certificate: string) {
    this.#keys = keys;
    this.certificate = certificate;
  }

  static async create(): Promise<Authority> {
    const keys = await newKeys();
    const usages = KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign;
    const extensions = [new BasicConstraintsExtension(true, 0, true), new KeyUsagesExtension(usages, true)];
    return new Authority(keys, await certify(keys, keys, CA_NAME, LONG, extensions));
  }

  /** A certificate for a server or a client. @param names host names and IP addresses, of which the first is its subject's */
  async issue(names: readonly [string, ...string[]], validity = LONG): Promise<Identity> {
    const keys = await newKeys();
    const both = new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]);
    const hosts = names.map((name) => ({ type: isIP(name) ? ('ip' as const) : ('dns' as const), value: name }));
    const extensions = [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      both,
      new SubjectAlternativeNameExtension(hosts),
    ];
    const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
    return {
      certificate: await certify(keys, this.#keys, `CN=${names[0]}`, validity, extensions),
      key: pem('PRIVATE KEY', der),
    };
  }
}

const CA_NAME = 'CN=Redis Messaging Patterns';

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

async function certify(
  subject: webcrypto.CryptoKeyPair,
  issuer: webcrypto.CryptoKeyPair,
  name: string,
  validity: Validity,
  extensions: readonly Extension[],
): Promise<string> {
  const certificate = await X509CertificateGenerator.create({
    subject: name,
    issuer: CA_NAME,
    publicKey: subject.publicKey,
    signingKey: issuer.privateKey,
    signingAlgorithm: ALGORITHM,
    ...validity,
    extensions: [
      ...extensions,
      await SubjectKeyIdentifierExtension.create(subject.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

function pem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
