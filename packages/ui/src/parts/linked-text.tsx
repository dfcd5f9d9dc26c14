import type { ReactNode } from 'react'

/** A text that is a web address as a link, any other as it is. Other schemes could run what somebody wrote into a label. */
export function LinkedText({ text }: { text: string }): ReactNode {
  if (!/^https?:\/\/\S+$/.test(text)) return text
  return (
    <a href={text} target="_blank" rel="noreferrer noopener">
      {text}
    </a>
  )
}
