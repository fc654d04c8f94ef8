import { expect, test } from '@jest/globals';
import { roles, useTrials } from './trials.ts';

const trials = useTrials();

test('with the least rights, Redis refuses nothing to any service, whatever happens to it', async () => {
  const refused = roles.map(async ([service, name, pattern]) => {
    const trial = await trials.begin(service, pattern);
    await trial.done;
    return [service, name, trial.denials()];
  });
  expect(await Promise.all(refused)).toEqual(roles.map(([service, name]) => [service, name, []]));
});
