// Loaded before the command line in a child process: says at its end how much memory it held at most, in MiB.
import { resourceUsage } from 'node:process';

process.on('exit', () => process.stderr.write(`peak ${Math.round(resourceUsage().maxRSS / 1024)} MiB\n`));
