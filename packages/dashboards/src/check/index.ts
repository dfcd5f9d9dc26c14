/** Door `@promontory/dashboards/check`: what is wrong with a dashboard, before anybody opens it. */
export * from './dashboard-check.ts'
export * from './expression.ts'
export * from './queries.ts'
export * from './stored-check.ts'
