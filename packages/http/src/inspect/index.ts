/**
 * The inspector: a page, JSON and a view for terminals that show who waits on what in this process. With `AWAITIO_INSPECT` set it
 * opens by itself when this entry is imported. A program that does not import this entry loads nothing of it.
 */

export { inspect, type InspectorPage } from './inspect.ts';
export type { InspectOptions } from './options.ts';
export type {
  AttentionModel,
  ExecutorModel,
  FinishedModel,
  Inspection,
  PoolModel,
  ProcessModel,
  RefusalModel,
  RequestModel,
  RouteModel,
  ServerModel,
  SocketModel,
  TaskModel,
  WaitModel,
} from './looking/model.ts';
export type { RecordedEvent, Recording } from './looking/recorder.ts';
