{{- define "common.image" -}}
{{ .image.registry }}/{{ .image.repository }}:{{ .image.tag }}
{{- end -}}
