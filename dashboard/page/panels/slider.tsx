import { useId, useState } from 'preact/hooks';
import { Line } from './do.tsx';

interface SliderProps {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** As it is now, as the services say. */
  readonly value: number;
  /** A value in words. */
  say(value: number): string;
  /** What does the same in a terminal. */
  readonly line: string;
  /** Asks for another value. */
  set(value: number): Promise<unknown>;
}

/** A value that can be changed: shows what is asked for until the services say that it is so. */
export function Slider({ label, min, max, step, value, say, line, set }: SliderProps) {
  const [asked, ask] = useState<number | undefined>(undefined);
  const id = useId();
  const shown = asked ?? value;
  const change = async (next: number) => {
    await set(next);
    ask(undefined);
  };
  return (
    <div class="slider">
      <label for={id}>{label}</label>
      <output for={id}>{say(shown)}</output>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={shown}
        aria-valuetext={say(shown)}
        onInput={({ currentTarget }) => ask(Number(currentTarget.value))}
        onChange={({ currentTarget }) => void change(Number(currentTarget.value))}
      />
      <Line text={line} />
    </div>
  );
}
