{{/* How the certificate of a server of the site is checked. */}}
{{- define "alert-receivers.tls" -}}
{{- with .Values.siteCa -}}
tlsConfig:
  ca: {configMap: {name: {{ . }}, key: ca.crt}}
{{- end }}
{{- end }}
