/** One store of plain data for the page. What has a life of its own (engine, network, clipboard) is handed in. */
import { create } from 'zustand';
import { actionsSlice, type ActionsSlice } from './actions';
import { directionsSlice, type DirectionsSlice } from './directions';
import type { Environment } from './environment';
import { experimentsSlice, type ExperimentsSlice } from './experiments';
import { linkSlice, type LinkSlice } from './link';
import { llcSlice, type LlcSlice } from './llc';
import { remoteSlice, type RemoteSlice } from './remote';
import { reportSlice, type ReportSlice } from './report';
import { selectionSlice, type SelectionSlice } from './selection';
import { sessionSlice, type SessionSlice } from './session';
import { settingsSlice, type SettingsSlice } from './settings';
import { trajectorySlice, type TrajectorySlice } from './trajectory';

export type App = SessionSlice & SettingsSlice & ReportSlice & SelectionSlice & DirectionsSlice & ActionsSlice & LinkSlice & ExperimentsSlice & TrajectorySlice & RemoteSlice & LlcSlice;
export type Get = () => App;
export type Set = (changes: Partial<App>) => void;

export const createApp = (environment: Environment) =>
  create<App>()((set, get) => ({
    ...sessionSlice(set, get, environment),
    ...settingsSlice(set, get),
    ...reportSlice(),
    ...selectionSlice(set, get),
    ...directionsSlice(set, get),
    ...actionsSlice(set, get, environment),
    ...linkSlice(set, get, environment),
    ...remoteSlice(set, get, environment),
    ...experimentsSlice(set, get, environment),
    ...trajectorySlice(set, get, environment),
    ...llcSlice(set, get, environment),
  }));

export type AppStore = ReturnType<typeof createApp>;
