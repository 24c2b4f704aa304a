from django.urls import path

from booking import own_calendar, views

app_name = "booking"
urlpatterns = [
    path("consultation/", views.request_consultation, name="request"),
    path("consultation/sent/", views.sent, name="sent"),
    path("consultation/manage/<str:token>/", views.manage, name="manage"),
    path("calendar/<str:secret>.ics", own_calendar.own_calendar, name="calendar"),
]
