import { Icon } from '../parts/icon.js'
import { Prose } from '../parts/prose.js'
import { useApp } from '../state/app-context.js'

export function ToastList() {
  const { toasts } = useApp()
  return (
    <div class="toasts" aria-live="polite">
      {toasts.list.value.map(({ id, tone, title, detail, undo }) => (
        <div key={id} class={`notice ${tone}`}>
          <div class="grow">
            <strong>{title}</strong>
            {detail && (
              <p>
                <Prose text={detail} />
              </p>
            )}
          </div>
          {undo && (
            <button
              type="button"
              class="button small"
              onClick={() => {
                toasts.dismiss(id)
                undo()
              }}
            >
              Undo
            </button>
          )}
          <button type="button" class="button plain small" aria-label="Dismiss" onClick={() => toasts.dismiss(id)}>
            <Icon name="close" size={12} />
          </button>
        </div>
      ))}
    </div>
  )
}
