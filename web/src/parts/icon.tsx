/** Drawn on 16 × 16, by stroke. */
const SHAPES = {
  overview: 'M2 13V3M2 13h12M5 10l3-4 2.5 2L14 4',
  streams: 'M1.5 8h2.5l2-5 3 10 2.5-7 1.2 2h2',
  data: 'M2 2h3.4v3.4H2zM6.4 2h3.3v3.4H6.4zM10.7 2H14v3.4h-3.3zM2 6.4h3.4v3.3H2zM6.4 6.4h3.3v3.3H6.4zM10.7 6.4H14v3.3h-3.3zM2 10.7h3.4V14H2zM6.4 10.7h3.3V14H6.4zM10.7 10.7H14V14h-3.3z',
  history: 'M2.5 8a5.5 5.5 0 1 0 1.8-4.1L2.5 5.5M2.5 2v3.5H6M8 5v3.2l2.2 1.3',
  storage:
    'M2 4c0-1.1 2.7-2 6-2s6 .9 6 2-2.7 2-6 2-6-.9-6-2zM2 4v8c0 1.1 2.7 2 6 2s6-.9 6-2V4M2 8c0 1.1 2.7 2 6 2s6-.9 6-2',
  alerts: 'M3.5 11.5V7a4.5 4.5 0 0 1 9 0v4.5l1 1h-11zM6.5 14h3',
  config: 'M2 4h6M12 4h2M2 8h2M8 8h6M2 12h7M13 12h1M10 2.5v3M6 6.5v3M11 10.5v3',
  logs: 'M2.5 3.5h11M2.5 6.5h8M2.5 9.5h11M2.5 12.5h6',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7 14 14',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  close: 'M4 4l8 8M12 4l-8 8',
  play: 'M5 3l8 5-8 5z',
  stop: 'M4 4h8v8H4z',
  restart: 'M13 8a5 5 0 1 1-1.6-3.7L13 5.8M13 2.5v3.3H9.7',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  moon: 'M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.5V8l2.3 1.6',
  check: 'M3 8.5l3.2 3.2L13 5',
  warning: 'M8 2 1.5 13.5h13zM8 6.5v3.4M8 11.6v.4',
  download: 'M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  arrow: 'M3 8h10M9.5 4.5 13 8l-3.5 3.5',
  left: 'M10 3 5 8l5 5',
  right: 'M6 3l5 5-5 5',
  wrench:
    'M13.8 4.6a3.6 3.6 0 0 1-4.9 4.3l-4.4 4.4a1.3 1.3 0 0 1-1.8-1.8l4.4-4.4a3.6 3.6 0 0 1 4.3-4.9L9.3 4.3l.4 2 2 .4z',
  pause: 'M5 3v10M11 3v10',
} as const

export type IconName = keyof typeof SHAPES

/** Decoration beside a word, never instead of a label. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.4"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={SHAPES[name]} />
    </svg>
  )
}
