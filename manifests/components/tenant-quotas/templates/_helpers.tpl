{{/* A tenant as it is: what it says, over the defaults. */}}
{{- define "tenant.whole" -}}
{{- toYaml (mergeOverwrite (deepCopy .defaults) (default dict .tenant)) }}
{{- end }}

{{/* The peers of a rule: namespaces by the label that each has by its name, and networks. */}}
{{- define "tenant.peers" -}}
{{- with .namespaces }}
- namespaceSelector:
    matchExpressions:
      - {key: kubernetes.io/metadata.name, operator: In, values: {{ toJson . }}}
{{- end }}
{{- range .networks }}
- ipBlock: {cidr: {{ . | quote }}}
{{- end }}
{{- end }}
