/** The Alertmanager: routing, grouping, inhibition, silences, notification. */
export {
  Alertmanager,
  UnsupportedConfigError,
  type AlertmanagerOptions,
  type AlertStatus,
  type PreparedConfig,
} from './alertmanager.ts'
export { createAlertmanagerMetrics, type AlertmanagerMetrics } from './alertmanager-metrics.ts'
export { createAlert, isResolvedAt, type Alert, type AlertFields } from './alerts/alert.ts'
export { fingerprintOf } from './alerts/fingerprint.ts'
export { ApiV1 } from './api/api-v1.ts'
export { openApiDocument } from './api/openapi.ts'
export { ApiV2, type ApiAnswer, type ApiRequest } from './api/api-v2.ts'
export {
  findAlerts,
  overviewOfGroups,
  type FoundAlerts,
  type GroupsOverview,
  type GroupsQuery,
  type Standing,
} from './api/overview.ts'
export type { GettableAlert, GettableSilence, VersionInfo } from './api/json-shapes.ts'
export {
  loadAlertmanagerConfig,
  type AlertmanagerConfig,
  type LoadedConfig,
} from './config/alertmanager-config.ts'
export type { ReceiverConfig } from './config/receiver-config.ts'
export { containsTime, type TimeInterval } from './config/time-interval.ts'
export { Acknowledgements, type Acknowledgement } from './acknowledge/acknowledgements.ts'
export {
  explain,
  explainRoutes,
  viewRoute,
  type Explanation,
  type RouteExplanation,
  type RouteView,
} from './explain.ts'
export { Maintenance, MAINTENANCE_ANNOTATION, MaintenanceError } from './maintenance/maintenance.ts'
export { occurrences, REPEATS, type MaintenanceWindow } from './maintenance/maintenance-window.ts'
export type { Turn, Turns } from './notify/turns.ts'
export type { PreviewedRequest } from './notify/integration.ts'
export {
  testNotification,
  UnknownReceiverError,
  type TestRequest,
  type TestResult,
} from './test-notification.ts'
export type { Flush } from './dispatch/alert-group.ts'
export { AlertGroup } from './dispatch/alert-group.ts'
export { Route } from './dispatch/route.ts'
export { History, type HistoryEvent, type HistoryFilter, type HistoryStore } from './history/history.ts'
export { HistoryJournal, type HistoryJournalOptions } from './history/history-journal.ts'
export * from './matchers/alert-matcher.ts'
export type { NotificationEntry, NotifyReason } from './nflog/notification-log.ts'
export { NotifyError, type Delivery, type FailureReason, type Integration } from './notify/integration.ts'
export { JsonLinesLog, MemoryRecordLog, type RecordLog } from './record-log.ts'
export type { Silence, SilenceMatcher, SilenceState } from './silence/silence.ts'
export {
  SilenceError,
  SilenceNotFoundError,
  Silences,
  type SilenceLimits,
  type SilenceRequest,
} from './silence/silences.ts'
export { notificationJson, type Notification, type NotificationJson } from './template/notification-data.ts'
export { NotificationTemplates, type Renderer } from './template/notification-templates.ts'
