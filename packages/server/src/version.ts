/** Version of Promontory. */
export const VERSION = '0.1.0'
/** The Prometheus whose API we speak: Grafana and others choose features by it. */
export const PROMETHEUS_VERSION = '3.14.0'
