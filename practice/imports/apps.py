from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "practice.imports"
    label = "imports"
