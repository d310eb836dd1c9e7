"""Application Celery : les tâches sont idempotentes, la vérité est en base."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.dev")

app = Celery("flux_reservations")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
