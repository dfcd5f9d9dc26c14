import type { ReceiverConfig } from '../config/receiver-config.ts'
import { DiscordIntegration } from './discord.ts'
import { EmailIntegration } from './email.ts'
import { IncidentioIntegration } from './incidentio.ts'
import type { Integration } from './integration.ts'
import { MattermostIntegration } from './mattermost.ts'
import { MsteamsIntegration, Msteamsv2Integration } from './msteams.ts'
import { OpsgenieIntegration } from './opsgenie.ts'
import { PagerdutyIntegration } from './pagerduty.ts'
import { PushoverIntegration } from './pushover.ts'
import { RocketchatIntegration } from './rocketchat.ts'
import { SlackIntegration } from './slack.ts'
import { TelegramIntegration } from './telegram.ts'
import { VictoropsIntegration } from './victorops.ts'
import { WebexIntegration } from './webex.ts'
import { WebhookIntegration } from './webhook.ts'

/** All ways out of a receiver, in upstream's order. */
export function createIntegrations(receiver: ReceiverConfig, userAgent: string): Integration[] {
  const each = <C>(
    configs: readonly C[],
    Kind: new (config: C, index: number, userAgent: string) => Integration,
  ): Integration[] => configs.map((config, index) => new Kind(config, index, userAgent))
  return [
    ...each(receiver.webhook_configs, WebhookIntegration),
    ...each(receiver.email_configs, EmailIntegration),
    ...each(receiver.pagerduty_configs, PagerdutyIntegration),
    ...each(receiver.opsgenie_configs, OpsgenieIntegration),
    ...each(receiver.slack_configs, SlackIntegration),
    ...each(receiver.victorops_configs, VictoropsIntegration),
    ...each(receiver.pushover_configs, PushoverIntegration),
    ...each(receiver.telegram_configs, TelegramIntegration),
    ...each(receiver.discord_configs, DiscordIntegration),
    ...each(receiver.msteams_configs, MsteamsIntegration),
    ...each(receiver.msteamsv2_configs, Msteamsv2Integration),
    ...each(receiver.webex_configs, WebexIntegration),
    ...each(receiver.incidentio_configs, IncidentioIntegration),
    ...each(receiver.rocketchat_configs, RocketchatIntegration),
    ...each(receiver.mattermost_configs, MattermostIntegration),
  ]
}
