{{/* The labels that choose the pods of one part: (part). */}}
{{- define "tekton-triggers.selector" -}}
app.kubernetes.io/part-of: tekton-triggers
app.kubernetes.io/component: {{ . }}
{{- end }}

{{/* The labels of one object: (dict "part" … "root" $). */}}
{{- define "tekton-triggers.labels" -}}
{{ include "tekton-triggers.selector" .part }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
triggers.tekton.dev/release: {{ .root.Chart.AppVersion }}
{{- end }}

{{- define "tekton-triggers.securityContext" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  capabilities: {drop: [ALL]}
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "tekton-triggers.env" -}}
- {name: SYSTEM_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
- {name: CONFIG_LOGGING_NAME, value: config-logging-triggers}
- {name: CONFIG_OBSERVABILITY_NAME, value: config-observability-triggers}
- {name: METRICS_DOMAIN, value: tekton.dev/triggers}
{{- end }}
