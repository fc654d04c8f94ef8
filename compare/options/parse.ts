import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearest } from '@redis-messaging/shared/text/nearest';
import { OptionsError } from '../../local/process/command.ts';

/** Reads a command line. @param command how it is called @throws OptionsError, with the nearest option where one is not known */
export function parseOptions<Settings extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  settings: Settings,
  command: string,
) {
  try {
    return parseArgs({ args: [...args], options: settings }).values;
  } catch (error) {
    const { message } = error as Error;
    const unknown = /^Unknown option '--?([^']+)'/.exec(message)?.[1];
    const help = `(${command} -- --help shows all options)`;
    if (unknown === undefined) throw new OptionsError(`${message.replace(/\/\/.*@/g, '//…@')} ${help}`);
    const near = nearest(unknown, Object.keys(settings));
    throw new OptionsError(`unknown option '--${unknown}'${near ? `: did you mean --${near}?` : ''} ${help}`);
  }
}
