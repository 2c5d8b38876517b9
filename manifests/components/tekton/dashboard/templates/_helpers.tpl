{{- define "tekton-dashboard.selector" -}}
app.kubernetes.io/part-of: tekton-dashboard
app.kubernetes.io/component: dashboard
{{- end }}

{{- define "tekton-dashboard.labels" -}}
{{ include "tekton-dashboard.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
