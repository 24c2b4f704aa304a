from django.urls import path

from blog import views

app_name = "blog"
urlpatterns = [
    path("feed/", views.feed, name="feed"),
    path("topics/<slug:slug>/", views.topic, name="topic"),
]
