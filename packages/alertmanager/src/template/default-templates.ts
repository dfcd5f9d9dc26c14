/**
 * The templates that every Alertmanager defines. Names and output are upstream's, since users' templates call and
 * override them; the text is put together here. The HTML mail has upstream's content in a layout of our own.
 */
const use = (name: string, dot = '.'): string => `{{ template "${name}" ${dot} }}`
const define = (name: string, body: string): string => `{{ define "${name}" }}${body}{{ end }}`

const ALERT_LIST = 'text_alert_list'

/** One block per state, given only when the group has such alerts. */
function section(
  state: 'Firing' | 'Resolved',
  options: { heading?: string; list?: string; tight?: boolean } = {},
): string {
  const { heading = '', list = ALERT_LIST, tight = false } = options
  const body = `${heading}Alerts ${state}:\n${use(`__${list}`, `.Alerts.${state}`)}\n`
  const condition = `if gt (len .Alerts.${state}) 0`
  return tight ? `{{ ${condition} -}}\n${body}{{- end }}` : `{{ ${condition} }}\n${body}{{ end }}`
}

const bothSections = (options: Parameters<typeof section>[1] = {}): string =>
  `${section('Firing', options)}\n${section('Resolved', options)}\n`

const ANNOTATIONS = '{{ .CommonAnnotations.SortedPairs.Values | join " " }}\n'
const LOOSE = bothSections()
const MARKDOWN = `\n${bothSections({ heading: '# ', list: `${ALERT_LIST}_markdown` })}`
const TIGHT = bothSections({ tight: true }).trimEnd()

const pairs = (field: string, indent: string): string =>
  `{{ range .${field}.SortedPairs }}${indent}- {{ .Name }} = {{ .Value }}\n{{ end }}`

const SUBJECT =
  '[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ .Alerts.Firing | len }}{{ end }}] ' +
  '{{ .GroupLabels.SortedPairs.Values | join " " }} ' +
  '{{ if gt (len .CommonLabels) (len .GroupLabels) }}({{ with .CommonLabels.Remove .GroupLabels.Names }}{{ .Values | join " " }}{{ end }}){{ end }}'

const STATUS_COLOUR = '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}'

/** The severity labels, worst first, as priorities of an issue; those of resolved alerts only when none fires. */
const PRIORITY = ['Firing', 'Resolved']
  .map((state) => {
    const rank = ['critical', 'warning', 'info']
      .map(
        (severity, i) =>
          `{{ if eq .Labels.severity "${severity}" }}{{ if or (eq $p "") (gt $r ${i}) }}{{ $p = "${['High', 'Medium', 'Low'][i]}" }}{{ $r = ${i} }}{{ end }}{{ end }}`,
      )
      .join('')
    return `{{ if eq $p "" }}{{ range .Alerts.${state} }}${rank}{{ end }}{{ end }}`
  })
  .join('')

const SUBJECTS = [
  'slack.default.title', 'pagerduty.default.description', 'opsgenie.default.message', 'victorops.default.entity_display_name',
  'pushover.default.title', 'sns.default.subject', 'discord.default.title', 'msteams.default.summary', 'msteams.default.title',
  'msteamsv2.default.title', 'jira.default.summary', 'rocketchat.default.title', 'mattermost.default.title', 'email.default.subject',
] // prettier-ignore

const URLS = [
  'slack.default.titlelink', 'pagerduty.default.clientURL', 'opsgenie.default.source', 'pushover.default.url',
  'rocketchat.default.titlelink', 'mattermost.default.titlelink',
] // prettier-ignore

const NAMES = [
  'slack.default.username', 'pagerduty.default.client', 'victorops.default.monitoring_tool', 'rocketchat.default.alias',
  'mattermost.default.username',
] // prettier-ignore

const EMPTY = [
  '__description', 'slack.default.callbackid', 'slack.default.pretext', 'slack.default.iconemoji', 'slack.default.iconurl',
  'slack.default.text', 'slack.default.footer', 'wechat.default.to_user', 'wechat.default.to_party', 'wechat.default.to_tag',
  'wechat.default.agent_id', 'discord.default.content', 'rocketchat.default.emoji', 'rocketchat.default.iconurl',
  'rocketchat.default.text',
] // prettier-ignore

const TEXTS: Readonly<Record<string, string>> = {
  __alertmanager: 'Alertmanager',
  __alertmanagerURL: '{{ .ExternalURL }}/#/alerts?receiver={{ .Receiver | urlquery }}',
  __subject: SUBJECT,
  __text_alert_list: `{{ range . }}Labels:\n${pairs('Labels', ' ')}Annotations:\n${pairs('Annotations', ' ')}Source: {{ .GeneratorURL }}\n{{ end }}`,
  __text_alert_list_markdown: `{{ range . }}\nLabels:\n${pairs('Labels', '  ')}\nAnnotations:\n${pairs('Annotations', '  ')}\nSource: {{ .GeneratorURL }}\n{{ end }}\n`,
  'slack.default.fallback': `${use('slack.default.title')} | ${use('slack.default.titlelink')}`,
  'slack.default.color': STATUS_COLOUR,
  'pagerduty.default.instances': use('__text_alert_list'),
  'opsgenie.default.description': `${ANNOTATIONS}${TIGHT}`,
  'wechat.default.message': `${use('__subject')}\n${ANNOTATIONS}${TIGHT}\nAlertmanagerUrl:\n${use('__alertmanagerURL')}`,
  'victorops.default.state_message': `${ANNOTATIONS}${TIGHT}`,
  'pushover.default.message': `${ANNOTATIONS}${LOOSE}`,
  'sns.default.message': `${ANNOTATIONS}${LOOSE}`,
  'webex.default.message': `${ANNOTATIONS}${LOOSE}`,
  'telegram.default.message': `\n${LOOSE}`,
  'discord.default.message': `\n${LOOSE}`,
  'msteams.default.text': MARKDOWN,
  'msteamsv2.default.text': MARKDOWN,
  'jira.default.description': MARKDOWN,
  'jira.default.priority': `{{ $p := "" }}{{ $r := 3 }}${PRIORITY}{{ $p }}`,
  'mattermost.default.color': STATUS_COLOUR,
  'mattermost.default.fallback': `${use('mattermost.default.title')} | ${use('mattermost.default.titlelink')}`,
  'mattermost.default.text': MARKDOWN,
}

const mailPairs = (field: string): string =>
  `{{ range .${field}.SortedPairs }}<tr><th align="left">{{ .Name }}</th><td>{{ .Value }}</td></tr>{{ end }}`

const mailAlerts = (state: 'Firing' | 'Resolved'): string =>
  `{{ if gt (len .Alerts.${state}) 0 }}<h2>[{{ .Alerts.${state} | len }}] ${state}</h2>{{ range .Alerts.${state} }}` +
  `<table cellpadding="4" style="border-left: 4px solid ${state === 'Firing' ? '#c4162a' : '#37872d'}; margin: 0 0 12px">${mailPairs('Labels')}` +
  `{{ if gt (len .Annotations) 0 }}<tr><td colspan="2"><strong>Annotations</strong></td></tr>${mailPairs('Annotations')}{{ end }}` +
  `<tr><td colspan="2"><a href="{{ .GeneratorURL }}">Source</a></td></tr></table>{{ end }}{{ end }}`

const MAIL = `<!DOCTYPE html>
<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${use('__subject')}</title></head>
<body style="font-family: Helvetica, Arial, sans-serif; font-size: 14px; max-width: 640px">
<h1 style="font-size: 18px">{{ .Alerts | len }} alert{{ if gt (len .Alerts) 1 }}s{{ end }} for {{ range .GroupLabels.SortedPairs }}{{ .Name }}={{ .Value }} {{ end }}</h1>
<p><a href="${use('__alertmanagerURL')}">View in ${use('__alertmanager')}</a></p>
${mailAlerts('Firing')}
${mailAlerts('Resolved')}
<p style="color: #777"><a href="{{ .ExternalURL }}">Sent by ${use('__alertmanager')}</a></p>
</body></html>`

/** Template source that defines all of them. */
export const DEFAULT_TEMPLATES: string = [
  ...Object.entries(TEXTS).map(([name, body]) => define(name, body)),
  ...SUBJECTS.map((name) => define(name, use('__subject'))),
  ...URLS.map((name) => define(name, use('__alertmanagerURL'))),
  ...NAMES.map((name) => define(name, use('__alertmanager'))),
  ...EMPTY.map((name) => define(name, '')),
  define('email.default.html', MAIL),
].join('\n')
