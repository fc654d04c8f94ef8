import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

/** The device that stands for no file: docker-compose.yml mounts it where nothing else is to be mounted. */
const NULL_DEVICE = statSync('/dev/null', { throwIfNoEntry: false })?.rdev;

/** A file that is not as it should be. Its message says how it is. */
export class FileError extends Error {}

/** The text of a file; '' for no path, and for /dev/null, whatever its name. @throws FileError if there is none to read */
export function readText(path: string): string {
  if (path === '') return '';
  let text: string;
  try {
    const stat = statSync(path);
    if (stat.isCharacterDevice() && stat.rdev === NULL_DEVICE) return '';
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const isMissing = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '');
    throw new FileError(isMissing ? 'there is no such file' : 'the file cannot be read');
  }
  if (text.trim() === '') throw new FileError('the file is empty');
  return text;
}

/** The password that a file has in its only line; '' as `readText`. @throws FileError as `readText`, or if there are more lines */
export function readPassword(path: string): string {
  const password = readText(path).replace(/\r?\n$/, '');
  if (!isOneLine(password)) throw new FileError('the file has more than one line');
  return password;
}

/** Whether a text is what a password must be: no part of it can be taken for a line of a configuration or of a log. */
export const isOneLine = (text: string): boolean => !/[\r\n]/.test(text);

/** Certificates as PEM: one, or several of which the first is ours or a CA's. @throws FileError if it has none, or a broken one */
export function readCertificates(path: string): string {
  const text = readText(path);
  if (text === '') return '';
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new FileError('the file has no certificate');
  for (const block of blocks) {
    try {
      new X509Certificate(block);
    } catch {
      throw new FileError('the file has a broken certificate');
    }
  }
  return text;
}

/** A private key as PEM. @throws FileError if it is none, or needs a passphrase */
export function readKey(path: string): string {
  const text = readText(path);
  if (text === '') return '';
  try {
    createPrivateKey(text);
  } catch {
    throw new FileError(text.includes('ENCRYPTED') ? 'the key needs a passphrase' : 'the file has no private key');
  }
  return text;
}

/** Whether this is the key of the first of these certificates. */
export function fitsKey(certificates: string, key: string): boolean {
  return new X509Certificate(certificates).checkPrivateKey(createPrivateKey(key));
}
