import { decodeYaml } from '@promontory/base/yaml'
import { expect, test } from 'vitest'
import { scrapeConfig } from './config.ts'
import { scrapeFeatures, withFeatures } from './features.ts'
import { completeScrapeConfig, DEFAULT_GLOBAL } from './global-config.ts'
import type { GlobalConfig } from './global-config.ts'
import type { ScrapeConfig } from './config.ts'

function job(more: string, global: Partial<GlobalConfig> = {}): ScrapeConfig {
  const { value } = decodeYaml(`job_name: a\n${more}`, { file: 'prometheus.yml' }, scrapeConfig)
  return completeScrapeConfig(value, { ...DEFAULT_GLOBAL, ...global }, (fault) => expect.fail(fault))
}
const features = scrapeFeatures(['extra-scrape-metrics', 'created-timestamp-zero-ingestion', 'old-ui'])

test('a feature is the default; what is configured stays', () => {
  const extra = (config: ScrapeConfig, on = features): unknown =>
    withFeatures(config, on).extra_scrape_metrics
  expect(extra(job(''))).toBe(true)
  expect(extra(job(''), scrapeFeatures([]))).toBe(false)
  expect(extra(job('extra_scrape_metrics: false'))).toBe(false)
  expect(extra(job('', { extra_scrape_metrics: false }))).toBe(false)
  expect(extra(job('extra_scrape_metrics: true'), scrapeFeatures([]))).toBe(true)
})

test('created times make protobuf the first choice, unless the protocols are chosen', () => {
  const first = (config: ScrapeConfig): unknown => withFeatures(config, features).scrape_protocols?.[0]
  expect(first(job(''))).toBe('PrometheusProto')
  expect(first(job('scrape_protocols: [PrometheusText0.0.4]'))).toBe('PrometheusText0.0.4')
  expect(first(job('', { scrape_protocols: ['OpenMetricsText1.0.0'] }))).toBe('OpenMetricsText1.0.0')
})
