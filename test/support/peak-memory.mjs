import { writeSync } from 'node:fs';

// Loaded into a process: at its end it says how much memory it has had at most.
process.on('exit', () => writeSync(2, `peak memory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB\n`));
