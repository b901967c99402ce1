/** Saved reports and trajectories, read back. */
import { REPORT_SCHEMA, Report } from './report';
import { checkSaved, readAll, readJson } from './saved';
import { TRAJECTORY_SCHEMA, Trajectory } from './trajectory';

const REPORT = { code: 'report', noun: 'report', one: 'a report', ours: 'a Deadreckon report', version: REPORT_SCHEMA, schema: Report };
const TRAJECTORY = { code: 'trajectory', noun: 'trajectory', one: 'a trajectory', ours: 'a Deadreckon trajectory', version: TRAJECTORY_SCHEMA, schema: Trajectory };

/**
 * A report, or the list of them that the command line writes of several checkpoints.
 * @throws InputError naming the field that is wrong, or the version that is too new.
 */
export function parseReports(text: string, file: string): Report[] {
  return readAll(text, file, REPORT);
}

/** @throws InputError naming the field that is wrong, or the version that is too new. */
export function parseTrajectory(text: string, file: string): Trajectory {
  return checkSaved(readJson(text, file, TRAJECTORY), file, TRAJECTORY);
}
