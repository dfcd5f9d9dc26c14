import type { JsonObject } from '@promontory/dashboards'
import * as application from './application-dashboards.ts'
import * as infrastructure from './infrastructure-dashboards.ts'

/** All ready-made dashboards. */
export const DASHBOARDS: readonly JsonObject[] = [
  ...Object.values(application),
  ...Object.values(infrastructure),
]
