{{/* The peers of a rule: namespaces by the label that each has by its name, and networks. */}}
{{- define "baseline.peers" -}}
{{- with .namespaces }}
- namespaceSelector:
    matchExpressions:
      - {key: kubernetes.io/metadata.name, operator: In, values: {{ toJson . }}}
{{- end }}
{{- range .networks }}
- ipBlock: {cidr: {{ . | quote }}}
{{- end }}
{{- end }}
