from django.urls import path

from booking import feed, views

app_name = "booking"
urlpatterns = [
    path("consultation/", views.request_consultation, name="request"),
    path("consultation/sent/", views.sent, name="sent"),
    path("consultation/manage/<str:token>/", views.manage, name="manage"),
    path("calendar/<str:secret>.ics", feed.own_calendar, name="calendar"),
]
