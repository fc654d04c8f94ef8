import { signal } from '@preact/signals';

/** Whether the charts stand still, to be looked at. */
export const isHeld = signal(false);
