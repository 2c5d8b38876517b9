{{/* Where a policy does not hold. */}}
{{- define "policies.exempt" -}}
exclude:
  any:
    - resources:
        namespaces: {{ toJson .Values.exempt }}
{{- end }}

{{/* What only reports stands in nobody's way while Kyverno is away. */}}
{{- define "policies.webhook" -}}
webhookConfiguration:
  failurePolicy: {{ eq .Values.action "Enforce" | ternary "Fail" "Ignore" }}
{{- end }}
