/** The Pushgateway's API: metrics of jobs that end before anybody could scrape them. */
export { PushCollector } from './collector.ts'
export { PushError } from './errors.ts'
export { writeGateway } from './gateway-text.ts'
export {
  type GatewayAnswer,
  Gateway,
  type GatewayOptions,
  type GatewayRequest,
  PUSH_BYTES_MAX,
} from './gateway.ts'
export { GroupStore, type GroupStoreOptions, type PushGroup } from './group-store.ts'
export { type GroupingKey, groupingKeyOf } from './grouping-key.ts'
export { StateFile } from './state-file.ts'
export { IMPORT_BYTES_MAX, importText, type TextImport } from './text-import.ts'
