import { Secret, str, type Schema } from '@promontory/base/yaml'
import { checkHttpUrl } from './values.ts'

/** A Slack address that is no URL, typically a placeholder left as it was. Its receiver counts as not configured. */
export class PlaceholderUrl extends Secret {}

/**
 * `api_url` of Slack. The real Alertmanager refuses what is no URL; we start, warn, and report each notification to
 * the receiver as failed.
 */
export const slackApiUrl: Schema<Secret> = {
  type: 'config.SecretURL',
  decode(node, context) {
    const source = str.decode(node, context)
    if (source === '<secret>') return new Secret('http://hidden.invalid/')
    try {
      return new Secret(checkHttpUrl(source))
    } catch (error) {
      if (/^[a-z][a-z0-9+.-]*:/i.test(source)) return context.fail(node, (error as Error).message, error)
      context.warn(
        node,
        `api_url is not a URL, so this Slack receiver is not configured and every notification to it will fail; expected https://hooks.slack.com/services/…`,
      )
      return new PlaceholderUrl(source)
    }
  },
  encode: (value) => value.toString(),
}
