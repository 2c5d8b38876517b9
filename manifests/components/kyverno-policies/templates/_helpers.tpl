{{/* What only reports stands in nobody's way while Kyverno is away. */}}
{{- define "policies.webhook" -}}
webhookConfiguration:
  failurePolicy: {{ eq .Values.action "Enforce" | ternary "Fail" "Ignore" }}
{{- end }}
