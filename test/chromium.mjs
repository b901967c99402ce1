/** Finds a Chromium for the tests, or installs one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];

function runnable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Browsers that Playwright keeps in its cache. */
function cached() {
  const caches = [process.env.PLAYWRIGHT_BROWSERS_PATH, join(homedir(), '.cache/ms-playwright'), join(homedir(), 'Library/Caches/ms-playwright'), join(homedir(), 'AppData/Local/ms-playwright')];
  const inside = ['chrome-linux/chrome', 'chrome-linux64/chrome', 'chrome-mac/Chromium.app/Contents/MacOS/Chromium', 'chrome-win/chrome.exe', 'chrome-win64/chrome.exe'];
  return caches
    .filter((cache) => cache && existsSync(cache))
    .flatMap((cache) => readdirSync(cache).filter((f) => /^chromium-\d+$/.test(f)).flatMap((f) => inside.map((i) => join(cache, f, i))));
}

/** @returns the path of a Chromium, or null. */
export function findChromium() {
  if (process.env.DEADRECKON_CHROMIUM) return process.env.DEADRECKON_CHROMIUM;
  const onPath = (process.env.PATH ?? '').split(delimiter).flatMap((dir) => NAMES.map((name) => join(dir, name)));
  return [...onPath, ...PLACES, ...cached()].find(runnable) ?? null;
}

function attempt(command, args) {
  console.log(`> ${command} ${args.join(' ')}`);
  return spawnSync(command, args, { stdio: 'inherit', timeout: 10 * 60_000 }).status === 0;
}

/** Installs a Chromium with the means at hand. @returns its path, or null. */
export function installChromium() {
  const root = process.getuid?.() === 0;
  if (root && has('apt-get')) {
    const install = () => attempt('apt-get', ['install', '-y', 'chromium']);
    if (install() || (attempt('apt-get', ['update']) && install())) return findChromium();
  }
  attempt('npx', ['playwright-core', 'install', ...(root ? ['--with-deps'] : []), 'chromium']);
  return findChromium();
}

function has(command) {
  try {
    execFileSync('which', [command], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
