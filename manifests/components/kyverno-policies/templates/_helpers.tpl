{{/* Where a policy does not hold. */}}
{{- define "policies.exempt" -}}
exclude:
  any:
    - resources:
        namespaces: {{ toJson .Values.exempt }}
{{- end }}
