{{- define "vet-clinic.selector" -}}
app.kubernetes.io/name: vet-clinic
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "vet-clinic.labels" -}}
{{ include "vet-clinic.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
