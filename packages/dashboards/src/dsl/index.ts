/** Door `@promontory/dashboards/dsl`: dashboards as code. */
export * from './dashboard.ts'
export { type Row, row } from './layout.ts'
export * from './panel.ts'
export * from './variable.ts'
